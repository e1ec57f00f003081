-- The promises in scope and what is known of the instant at which each was flagged broken: when its month was last
-- read, the load that first saw the flag that it has now, and the load before, if that one saw it without the flag.
-- label_null is a macro of the warehouse.
-- In a DuckDB shell on the warehouse: paste.
WITH sighting AS (
    -- The last load that brought the row into its month or saw its flag set.
    SELECT
        month,
        public_id,
        max(load_number) AS load_number,
        max_by(change = 'changed', load_number) AS saw_it_change
    FROM raw.d23_changes
    WHERE
        change = 'added'
        OR (change = 'moved' AND field = 'month' AND new = month::VARCHAR)
        OR (change = 'changed' AND field = 'is_ptp_broken' AND new = 'true')
    GROUP BY month, public_id
),

loaded AS (
    SELECT
        month,
        load_number,
        loaded_at,
        lag(started_at) OVER (PARTITION BY month ORDER BY load_number) AS previous_started_at
    FROM raw.d23_loads
),

-- A month's first load records no change for the rows that it brings.
first_load AS (
    SELECT month, min(load_number) AS load_number
    FROM raw.d23_loads
    GROUP BY month
)

SELECT
    attempt.public_id,
    attempt.month,
    label_null(attempt.communication_type) AS communication_type,
    label_null(attempt.interaction_source) AS interaction_source,
    attempt.communicated_at,
    attempt.updated_at,
    coalesce(attempt.is_ptp_broken, FALSE) AS is_ptp_broken,
    last_load.started_at AS read_at,
    CASE WHEN attempt.is_ptp_broken THEN loaded.loaded_at END AS seen_flagged_at,
    CASE WHEN attempt.is_ptp_broken AND sighting.saw_it_change THEN loaded.previous_started_at END AS seen_unflagged_at,
    attempt.rules_version
FROM core.contact_attempts AS attempt
INNER JOIN raw.version_loads AS last_load
    ON attempt.month = last_load.month AND attempt.load_number = last_load.version
INNER JOIN first_load ON attempt.month = first_load.month
LEFT JOIN sighting ON attempt.month = sighting.month AND attempt.public_id = sighting.public_id
INNER JOIN loaded
    ON attempt.month = loaded.month AND loaded.load_number = coalesce(sighting.load_number, first_load.load_number)
WHERE attempt.in_scope AND attempt.is_promise
