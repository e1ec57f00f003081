-- Up to which instant the rows go, naive UTC, and the zone of the warehouse's local dates.
-- In a DuckDB shell on the warehouse: paste.
SELECT
    max(attempt.communicated_at) AS newest_at,
    (SELECT any_value(identity.timezone) FROM raw.warehouse_identity AS identity) AS timezone
FROM core.contact_attempts AS attempt
