"""Keys of the databases: MongoDB, SQL, Cassandra and DynamoDB."""

from __future__ import annotations

from para_core.settings.derived import ROOT_APP, if_production
from para_core.settings.key import NO_PLUGIN, UNUSED, category, flag, items, number, text

__all__ = ["CASSANDRA", "DYNAMODB", "MONGODB", "SQL"]

MONGODB = category("MongoDB DAO", "para-dao-mongodb", [
    text("mongodb.uri", "", "Whole address of the database; wins over host, port, user and "
         "password."),
    text("mongodb.database", ROOT_APP, "Name of the database.", documented="para"),
    text("mongodb.host", "localhost", "Host of the database."),
    number("mongodb.port", 27017, "Port of the database."),
    text("mongodb.user", "", "User name at the database."),
    text("mongodb.password", "", "Password at the database."),
    flag("mongodb.ssl_enabled", "false", "Whether the connection is encrypted."),
    flag("mongodb.ssl_allow_all", "false", "Whether any certificate will do."),
])  # fmt: skip

SQL = category("SQL DAO", "para-dao-sql", [
    text("db.hostname", "", "Belongs to the network mode of H2; the embedded database has none.",
         used_by=UNUSED),
    text("db.dir", "./data", "Folder with the file of the embedded database."),
    text("db.user", ROOT_APP, "Belongs to H2; the embedded database has no users.",
         documented="para", used_by=UNUSED),
    text("db.password", "secret", "Belongs to H2; the embedded database has no users.",
         listed=False, used_by=UNUSED),
    text("db.tcpServer", "", "Belongs to the network mode of H2.", used_by=UNUSED),
    text("sql.url", "", "Address of the database, such as `postgresql://localhost:5432/para` or "
         "`mariadb://localhost:3306/para`; SQL Server and Oracle are experiments. A `jdbc:` in "
         "front is allowed."),
    text("sql.driver", "", "Class of a JDBC driver. The address alone selects the driver here.",
         used_by=UNUSED),
    text("sql.user", "user", "User name at the database."),
    text("sql.password", "secret", "Password at the database."),
])  # fmt: skip

CASSANDRA = category("Cassandra DAO", f"{NO_PLUGIN}CassandraDAO", [
    items("cassandra.hosts", ["localhost"], "Nodes to ask first, separated by commas.",
          separator=", "),
    text("cassandra.keyspace", "para", "Name of the keyspace."),
    text("cassandra.user", "", "User name at the database."),
    text("cassandra.password", "", "Password at the database."),
    number("cassandra.port", 9042, "Port of the database."),
    number("cassandra.replication_factor", 1, "How many nodes keep each row."),
    flag("cassandra.ssl_enabled", "false", "Whether the connection is encrypted."),
    text("cassandra.ssl_protocols", "TLSv1.3", "TLS versions that are accepted."),
    text("cassandra.ssl_keystore", "", "File with the own certificate."),
    text("cassandra.ssl_keystore_password", "", "Password of that file."),
    text("cassandra.ssl_truststore", "", "File with the certificates to trust."),
    text("cassandra.ssl_truststore_password", "", "Password of that file."),
])  # fmt: skip

DYNAMODB = category("AWS DynamoDB DAO", f"{NO_PLUGIN}AWSDynamoDAO", [
    flag("dynamodb.sse_enabled", "false", "Whether your own key encrypts new tables."),
    items("dynamodb.replica_regions", [], "Regions, separated by commas, that get a copy of new "
          "tables.", separator=", "),
    flag("dynamodb.backups_enabled", if_production("true", "false"), "Whether new tables can be "
         "set back to an earlier time.", documented="false"),
    flag("dynamodb.provisioned_mode_enabled", "false", "Whether capacity is booked in advance "
         "instead of paid by request."),
    number("dynamodb.max_read_capacity", 10, "Booked read capacity of a new table."),
    number("dynamodb.max_write_capacity", 5, "Booked write capacity of a new table.",
           documented=""),
])  # fmt: skip
