-- Accounts: disabled ones, links to choose a new password, the second factor.

ALTER TABLE users
    ADD COLUMN IF NOT EXISTS disabled BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'by the operator: no sign-in',
    ADD COLUMN IF NOT EXISTS totp_secret VARBINARY(255) NULL COMMENT 'encrypted, NULL where there is no second factor',
    ADD COLUMN IF NOT EXISTS totp_step BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'of the last code that was taken, RFC 6238';

CREATE TABLE IF NOT EXISTS password_resets (
    user_id INT UNSIGNED NOT NULL PRIMARY KEY,
    token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of what the link carries',
    expires_at BIGINT UNSIGNED NOT NULL COMMENT 'seconds since 1970 UTC',
    UNIQUE KEY password_resets_token (token_hash),
    CONSTRAINT password_resets_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS recovery_codes (
    user_id INT UNSIGNED NOT NULL,
    code_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of a code of 120 random bits',
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB;
