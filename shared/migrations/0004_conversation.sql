-- Replies, reactions, mentions, topics, and what a member wants to hear of.

ALTER TABLE rooms
    ADD COLUMN IF NOT EXISTS topic VARCHAR(250) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '';

ALTER TABLE members
    ADD COLUMN IF NOT EXISTS level ENUM('all', 'mentions', 'muted') NOT NULL DEFAULT 'mentions' COMMENT 'what calls the user',
    ADD COLUMN IF NOT EXISTS seen BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'the highest that last_read ever was';

UPDATE members SET seen = last_read WHERE seen < last_read;
UPDATE members m JOIN rooms r ON r.id = m.room_id SET m.level = 'all' WHERE r.kind = 'direct';

ALTER TABLE messages
    ADD COLUMN IF NOT EXISTS reply_to BIGINT UNSIGNED NULL COMMENT 'number of the message that it answers',
    ADD COLUMN IF NOT EXISTS reactions TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'JSON: [{emoji, users}]',
    ADD COLUMN IF NOT EXISTS mentions TEXT CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'JSON: ids of the members that the text calls',
    ADD COLUMN IF NOT EXISTS everyone BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'an owner''s text calls the whole room';

-- An index of messages.mentions and messages.everyone, written with them: what counts a member's unread mentions.
CREATE TABLE IF NOT EXISTS mentions (
    room_id INT UNSIGNED NOT NULL,
    user_id INT UNSIGNED NOT NULL COMMENT '0: everyone in the room',
    number BIGINT UNSIGNED NOT NULL COMMENT 'of the message',
    PRIMARY KEY (room_id, user_id, number),
    KEY mentions_message (room_id, number),
    CONSTRAINT mentions_message FOREIGN KEY (room_id, number) REFERENCES messages (room_id, number)
) ENGINE = InnoDB;
