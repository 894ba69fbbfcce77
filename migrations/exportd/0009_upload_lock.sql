-- Upload locks without a Redis.

-- Where the upload locks of this database are: of two places at once neither would lock anything.
CREATE TABLE exportd.upload_lock_kind (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),  -- there is one row
    kind text NOT NULL CHECK (kind IN ('redis', 'postgres'))
);
INSERT INTO exportd.upload_lock_kind (kind) VALUES ('redis');

CREATE TABLE exportd.upload_lock (
    checksum text PRIMARY KEY,      -- of the blob
    holder   text NOT NULL,         -- another one for each acquisition
    until    timestamptz NOT NULL   -- the lock ends by itself
);
