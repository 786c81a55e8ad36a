SELECT COUNT(*) FROM user_tables WHERE table_name = 'OBJECTS_FORMAT';

CREATE TABLE objects_holders (one NUMBER(1) NOT NULL PRIMARY KEY);

CREATE TABLE objects_groups (one NUMBER(1) NOT NULL PRIMARY KEY, name RAW(1000) NOT NULL);

CREATE TABLE objects_leftovers (app NUMBER(19) NOT NULL PRIMARY KEY);

CREATE TABLE objects_apps (
    app NUMBER(19) NOT NULL PRIMARY KEY,
    "key" RAW(1100) NOT NULL UNIQUE,
    appid BLOB NOT NULL,
    shared NUMBER(1) NOT NULL,
    counter NUMBER(19) NOT NULL,
    last_change NUMBER(19) NOT NULL
);

CREATE TABLE objects_changes (
    app NUMBER(19) NOT NULL,
    "number" NUMBER(19) NOT NULL,
    event VARCHAR2(255 CHAR) NOT NULL,
    "keys" BLOB NOT NULL,
    PRIMARY KEY (app, "number")
);

CREATE TABLE objects_shared (
    app NUMBER(19) NOT NULL,
    "key" RAW(1100) NOT NULL,
    "id" BLOB NOT NULL,
    "type" RAW(2000) NOT NULL,
    "data" BLOB NOT NULL,
    "change" NUMBER(19) NOT NULL,
    PRIMARY KEY (app, "key")
);

CREATE TABLE objects_format (
    one NUMBER(1) NOT NULL PRIMARY KEY,
    format NUMBER(9) NOT NULL,
    floor NUMBER(19) NOT NULL,
    apps NUMBER(19) NOT NULL
);

INSERT INTO objects_groups (one, name) VALUES (:p1, …);

INSERT INTO objects_format (one, format, floor, apps) VALUES (:p1, …);

SELECT format FROM objects_format;

SELECT app FROM objects_leftovers;

LOCK TABLE objects_holders IN ROW SHARE MODE NOWAIT;

SELECT floor, apps FROM objects_format FOR UPDATE WAIT 30;

SELECT app, shared FROM objects_apps WHERE "key" = :p1;

UPDATE objects_format SET apps = :p1;

INSERT INTO objects_apps (app, "key", appid, shared, counter, last_change) VALUES (:p1, …);

SELECT app, shared, counter FROM objects_apps WHERE "key" = :p1 FOR UPDATE WAIT 30;

DELETE FROM objects_shared WHERE app = :p1 AND "key" IN (:p2, …);

INSERT INTO objects_shared (app, "key", "id", "type", "data", "change") VALUES (:p1, …);

INSERT INTO objects_changes (app, "number", event, "keys") VALUES (:p1, …);

UPDATE objects_apps SET counter = :p1, last_change = :p1 WHERE app = :p2;

SELECT "key", "change" FROM objects_shared WHERE app = :p1 AND "key" IN (:p2, …);

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" IN (:p2, …) WHERE a.app = :p1;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > :p2 WHERE a.app = :p1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT :p3 ROWS ONLY;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > :p2 AND o."type" = :p4 WHERE a.app = :p1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT :p3 ROWS ONLY;

SELECT "number", event, "keys" FROM objects_changes WHERE app = (SELECT app FROM objects_apps WHERE "key" = :p1) AND "number" > :p2 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT :p3 ROWS ONLY;

SELECT last_change FROM objects_apps WHERE "key" = :p1;

SELECT appid FROM objects_apps ORDER BY app;

SELECT appid, last_change FROM objects_apps;

SET TRANSACTION READ ONLY;

SELECT app, appid, shared, last_change FROM objects_apps ORDER BY app;

SELECT o."key", o."id", o."type", o."data", o."change" FROM objects_apps a LEFT JOIN objects_shared o ON o.app = a.app AND o."key" > :p2 AND o."change" > :p4 WHERE a.app = :p1 ORDER BY o."key" OFFSET 0 ROWS FETCH NEXT :p3 ROWS ONLY;

SELECT "number", event, "keys" FROM objects_changes WHERE app = :p1 AND "number" > :p2 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT :p3 ROWS ONLY;

DELETE FROM objects_changes WHERE app = (SELECT app FROM objects_apps WHERE "key" = :p1) AND "number" <= :p2;

INSERT INTO objects_leftovers (app) VALUES (:p1, …);

DELETE FROM objects_apps WHERE app = :p1;

UPDATE objects_format SET floor = CASE WHEN floor < :p1 THEN :p1 ELSE floor END;

DELETE FROM objects_shared WHERE app = :p1 AND "key" IN (SELECT "key" FROM objects_shared WHERE app = :p1 ORDER BY "key" OFFSET 0 ROWS FETCH NEXT :p2 ROWS ONLY);

DELETE FROM objects_changes WHERE app = :p1 AND "number" IN (SELECT "number" FROM objects_changes WHERE app = :p1 ORDER BY "number" OFFSET 0 ROWS FETCH NEXT :p2 ROWS ONLY);

DELETE FROM objects_leftovers WHERE app = :p1;

SELECT COUNT(*) FROM objects_format;

LOCK TABLE objects_holders IN EXCLUSIVE MODE NOWAIT;

LOCK TABLE objects_groups IN EXCLUSIVE MODE NOWAIT;

UPDATE objects_groups SET name = :p1;

LOCK TABLE objects_groups IN ROW SHARE MODE NOWAIT;

SELECT name FROM objects_groups;
