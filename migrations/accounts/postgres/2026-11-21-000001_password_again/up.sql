-- When the password was last given; what is sensitive asks for it again after 15 minutes. Nobody knows it of older sessions.
ALTER TABLE sessions ADD COLUMN authenticated_at bigint NOT NULL DEFAULT 0;
