-- People, rooms, members and the numbered log.
--
-- Two integers per room order everything; both are given under the lock of the room's row, in
-- the transaction that writes: `number` counts the room's messages, `version` its changes.

CREATE TABLE IF NOT EXISTS instance (
    id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    epoch BIGINT UNSIGNED NOT NULL COMMENT 'another one after a restore: every cursor is void'
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS users (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
    password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    gender TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0 not said, 1 male, 2 female',
    created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE KEY users_name (name)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS rooms (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind ENUM('public', 'direct') NOT NULL,
    name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    name_key VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'the name, case-folded, NFKC',
    direct_key VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the sorted pair of user ids',
    number BIGINT UNSIGNED NOT NULL DEFAULT 0,
    version BIGINT UNSIGNED NOT NULL DEFAULT 1,
    meta_version BIGINT UNSIGNED NOT NULL DEFAULT 1 COMMENT 'version of the last change of the room or its members',
    member_count INT UNSIGNED NOT NULL DEFAULT 0,
    touched DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'time of the last change',
    created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    UNIQUE KEY rooms_name (name_key),
    UNIQUE KEY rooms_direct (direct_key),
    KEY rooms_touched (touched)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS members (
    room_id INT UNSIGNED NOT NULL,
    user_id INT UNSIGNED NOT NULL,
    role ENUM('owner', 'member') NOT NULL DEFAULT 'member',
    last_read BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'number of the last message read',
    marker BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'version of last_read, which may also go back',
    touched DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'time of joining',
    PRIMARY KEY (room_id, user_id),
    KEY members_user (user_id),
    KEY members_touched (touched),
    CONSTRAINT members_room FOREIGN KEY (room_id) REFERENCES rooms (id),
    CONSTRAINT members_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS messages (
    room_id INT UNSIGNED NOT NULL,
    number BIGINT UNSIGNED NOT NULL,
    version BIGINT UNSIGNED NOT NULL COMMENT 'version of the room at the last change of this message',
    author_id INT UNSIGNED NOT NULL,
    client_id BINARY(16) NOT NULL COMMENT 'the sender''s UUID, for ever',
    body TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    body_version BIGINT UNSIGNED NOT NULL COMMENT 'version at the last change of the body',
    edit_id BINARY(16) NULL COMMENT 'UUID of the last edit or deletion',
    at BIGINT UNSIGNED NOT NULL COMMENT 'milliseconds since 1970 UTC',
    edited_at BIGINT UNSIGNED NULL,
    deleted BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (room_id, number),
    UNIQUE KEY messages_client (author_id, client_id),
    KEY messages_version (room_id, version),
    CONSTRAINT messages_room FOREIGN KEY (room_id) REFERENCES rooms (id),
    CONSTRAINT messages_author FOREIGN KEY (author_id) REFERENCES users (id)
) ENGINE = InnoDB;

INSERT IGNORE INTO instance (id, epoch) VALUES (1, FLOOR(1 + RAND() * 1000000000));
INSERT IGNORE INTO rooms (id, kind, name, name_key) VALUES (1, 'public', 'general', 'general');
