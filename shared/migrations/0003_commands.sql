-- Edits and deletions that were carried out, so that one that is sent again gets its first answer.

CREATE TABLE IF NOT EXISTS commands (
    author_id INT UNSIGNED NOT NULL,
    id BINARY(16) NOT NULL COMMENT 'the sender''s UUID',
    room_id INT UNSIGNED NOT NULL,
    number BIGINT UNSIGNED NOT NULL COMMENT 'of the message that it changed',
    version BIGINT UNSIGNED NOT NULL COMMENT 'of the message when it was carried out',
    at BIGINT UNSIGNED NOT NULL COMMENT 'milliseconds since 1970 UTC',
    PRIMARY KEY (author_id, id),
    KEY commands_at (at),
    CONSTRAINT commands_author FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB;
