-- From the tables of release 0.1.0: loads are numbered in the order in which they landed, and what they found carries
-- their numbers. Running it again changes nothing.
UPDATE raw.d23_loads
SET started_at = loaded_at - to_milliseconds((1000 * seconds)::BIGINT)
WHERE started_at IS NULL;

UPDATE raw.d23_loads
SET load_number = numbered.load_number
FROM (
    SELECT
        month,
        run_id,
        loaded_at,
        row_number() OVER (ORDER BY loaded_at, month, run_id) AS load_number
    FROM raw.d23_loads
) AS numbered
WHERE
    d23_loads.load_number IS NULL
    AND d23_loads.month = numbered.month
    AND d23_loads.run_id = numbered.run_id
    AND d23_loads.loaded_at = numbered.loaded_at;

UPDATE raw.d23_changes
SET load_number = loads.load_number
FROM raw.d23_loads AS loads
WHERE
    d23_changes.load_number IS NULL
    AND d23_changes.month = loads.month
    AND d23_changes.run_id = loads.run_id
    AND d23_changes.observed_at = loads.loaded_at;

UPDATE analytics.ptp_vintage
SET load_number = loads.load_number
FROM raw.d23_loads AS loads
WHERE
    ptp_vintage.load_number IS NULL
    AND ptp_vintage.month = loads.month
    AND ptp_vintage.observed_at = loads.loaded_at;

DROP MACRO IF EXISTS macros_version;
