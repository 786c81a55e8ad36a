SET XACT_ABORT ON; SET LOCK_TIMEOUT 30000;

SELECT DB_NAME(), snapshot_isolation_state, is_read_committed_snapshot_on FROM sys.databases WHERE database_id = DB_ID();

SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = SCHEMA_NAME() AND TABLE_NAME = N'objects_format';

BEGIN TRANSACTION;

DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'para.start', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 60000; SELECT @got;

CREATE TABLE objects_format (
    one TINYINT NOT NULL PRIMARY KEY,
    format INT NOT NULL,
    floor BIGINT NOT NULL,
    apps BIGINT NOT NULL
);
CREATE TABLE objects_groups (one TINYINT NOT NULL PRIMARY KEY, name VARBINARY(1000) NOT NULL);
CREATE TABLE objects_leftovers (app BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE objects_apps (
    app BIGINT NOT NULL PRIMARY KEY,
    "key" VARBINARY(1680) NOT NULL,
    appid VARBINARY(MAX) NOT NULL,
    shared BIT NOT NULL,
    counter BIGINT NOT NULL,
    last_change BIGINT NOT NULL
);
CREATE UNIQUE INDEX objects_apps_key ON objects_apps ("key");
CREATE TABLE objects_changes (
    app BIGINT NOT NULL,
    "number" BIGINT NOT NULL,
    event NVARCHAR(255) NOT NULL,
    "keys" VARBINARY(MAX) NOT NULL,
    PRIMARY KEY (app, "number")
);
CREATE TABLE objects_shared (
    app BIGINT NOT NULL,
    "key" VARBINARY(1680) NOT NULL,
    "id" VARBINARY(MAX) NOT NULL,
    "type" VARBINARY(MAX) NOT NULL,
    "data" VARBINARY(MAX) NOT NULL,
    "change" BIGINT NOT NULL
);
CREATE CLUSTERED INDEX objects_shared_app ON objects_shared (app);
CREATE UNIQUE INDEX objects_shared_key ON objects_shared (app, "key");
INSERT INTO objects_groups (one, name) VALUES (1, 0x);
INSERT INTO objects_format (one, format, floor, apps) VALUES (1, 1, 0, 0);

COMMIT TRANSACTION;

SELECT format FROM objects_format;

SELECT app FROM objects_leftovers;

DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'para', @LockMode = N'Shared', @LockOwner = N'Session', @LockTimeout = 0; SELECT @got;

SELECT floor, apps FROM objects_format WITH (UPDLOCK);

SELECT app, shared FROM objects_apps WHERE "key" = @P1;

UPDATE objects_format SET apps = @P1;

INSERT INTO objects_apps (app, "key", appid, shared, counter, last_change) VALUES (@P1, …);

SELECT app, shared, counter FROM objects_apps WITH (UPDLOCK, ROWLOCK) WHERE "key" = @P1;

DELETE FROM objects_shared WHERE app = @P1 AND "key" IN (@P2, …);

INSERT INTO objects_shared (app, "key", "id", "type", "data", "change") VALUES (@P1, …);

INSERT INTO objects_changes (app, "number", event, "keys") VALUES (@P1, …);

UPDATE objects_apps SET counter = @P1, last_change = @P1 WHERE app = @P2;

SELECT "key", "change" FROM objects_shared WHERE app = @P1 AND "key" IN (@P2, …);

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" IN (@P2, …) WHERE a.app = @P1;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > @P2 WHERE a.app = @P1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT @P3 ROWS ONLY;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > @P2 AND o."type" = @P4 WHERE a.app = @P1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT @P3 ROWS ONLY;

SELECT "number", event, "keys" FROM objects_changes WHERE app = (SELECT app FROM objects_apps WHERE "key" = @P1) AND "number" > @P2 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT @P3 ROWS ONLY;

SELECT last_change FROM objects_apps WHERE "key" = @P1;

SELECT appid FROM objects_apps ORDER BY app;

SELECT appid, last_change FROM objects_apps;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT;

SELECT app, appid, shared, last_change FROM objects_apps ORDER BY app;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > @P2 AND o."change" > @P4 WHERE a.app = @P1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT @P3 ROWS ONLY;

SELECT "number", event, "keys" FROM objects_changes WHERE app = @P1 AND "number" > @P2 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT @P3 ROWS ONLY;

DELETE FROM objects_changes WHERE app = (SELECT app FROM objects_apps WHERE "key" = @P1) AND "number" <= @P2;

INSERT INTO objects_leftovers (app) VALUES (@P1, …);

DELETE FROM objects_apps WHERE app = @P1;

UPDATE objects_format SET floor = CASE WHEN floor < @P1 THEN @P1 ELSE floor END;

DELETE FROM objects_shared WHERE app = @P1 AND "key" IN (SELECT "key" FROM objects_shared WHERE app = @P1 ORDER BY "key" OFFSET 0 ROWS FETCH NEXT @P2 ROWS ONLY);

DELETE FROM objects_changes WHERE app = @P1 AND "number" IN (SELECT "number" FROM objects_changes WHERE app = @P1 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT @P2 ROWS ONLY);

DELETE FROM objects_leftovers WHERE app = @P1;

SELECT COUNT(*) FROM objects_format;

DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'para', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0; SELECT @got;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'para.group', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0; SELECT @got;

UPDATE objects_groups SET name = @P1;

DECLARE @left INT; EXEC @left = sys.sp_releaseapplock @Resource = N'para.group', @LockOwner = N'Session'; SELECT @left;

DECLARE @got INT; EXEC @got = sys.sp_getapplock @Resource = N'para.group', @LockMode = N'Shared', @LockOwner = N'Session', @LockTimeout = 0; SELECT @got;

SELECT name FROM objects_groups;
