-- The raw rows as they were known at an instant (UTC): FROM raw.d23_as_of(TIMESTAMP '2026-06-01 04:00').
-- It takes the present rows and undoes what later loads changed, with the values that raw.d23_changes has kept. Loads
-- are ordered by number: a clock can be set back.
CREATE OR REPLACE MACRO raw.d23_as_of(instant) AS TABLE
    WITH asked AS (
        SELECT
            CASE
                WHEN typeof(instant) = 'TIMESTAMP WITH TIME ZONE' THEN instant::timestamptz AT TIME ZONE 'UTC'
                -- A cast of text to a timestamp would leave the offset out.
                WHEN
                    typeof(instant) = 'VARCHAR'
                    AND regexp_matches(instant::varchar, ':[0-9.]+ *([+-][0-9]|[A-Ya-y])')
                    THEN error('raw.d23_as_of: give an instant with a zone as TIMESTAMPTZ, not as text')::timestamp
                ELSE instant::timestamp
            END AS moment
    ),

    -- The last load by release 0.1.0, which did not keep what vanished rows held. `upgrades/2.sql` gave its loads a
    -- started_at that is earlier by exactly the rounded `seconds`; no measured one is, because seconds end before the
    -- write.
    history AS (
        SELECT max(load_number) AS first_load_number
        FROM raw.d23_loads
        WHERE seconds > 0 AND started_at = loaded_at - to_milliseconds((1000 * seconds)::bigint)
    ),

    requested AS (
        SELECT
            any_value(asked.moment) AS moment,
            max(loads.load_number) AS load_number
        FROM asked
        LEFT JOIN raw.d23_loads AS loads ON asked.moment >= loads.loaded_at
    ),

    known AS (
        SELECT
            CASE
                WHEN requested.load_number IS NULL
                    THEN
                        error(
                            'raw.d23_as_of: nothing had been loaded at ' || coalesce(requested.moment::varchar, 'NULL')
                            || '; ask for an instant since the first loaded_at in raw.d23_loads'
                        )::bigint
                WHEN requested.load_number < history.first_load_number
                    THEN
                        error(
                            'raw.d23_as_of: the rows at ' || requested.moment::varchar || ' are not known, because '
                            || 'release 0.1.0 did not keep what vanished rows held; ask for an instant since load '
                            || history.first_load_number || ' in raw.d23_loads'
                        )::bigint
                ELSE requested.load_number
            END AS load_number
        FROM requested
        CROSS JOIN history
    ),

    known_months AS (
        SELECT
            loads.month,
            first(loads.loaded_at ORDER BY loads.load_number) AS first_loaded_at
        FROM raw.d23_loads AS loads
        INNER JOIN known ON loads.load_number <= known.load_number
        GROUP BY loads.month
    ),

    later_changes AS (
        SELECT changes.*
        FROM raw.d23_changes AS changes
        INNER JOIN known ON changes.load_number > known.load_number
    ),

    -- What the first later change of each field replaced, in lists of one: null is a value.
    replaced_fields AS (
        SELECT
            month,
            public_id,
            field,
            [first(old ORDER BY load_number)] AS held_value
        FROM later_changes
        WHERE field IS NOT NULL
        GROUP BY month, public_id, field
    ),

    changed_rows AS (
        SELECT
            month,
            public_id,
            first(change = 'added' OR (change = 'moved' AND new = month::varchar) ORDER BY load_number) AS came_later
        FROM later_changes
        WHERE change <> 'moved' OR field = 'month'
        GROUP BY month, public_id
    ),

    earlier_rows AS (
        SELECT
            changed_rows.month,
            changed_rows.public_id,
            map_from_entries(list((replaced_fields.field, replaced_fields.held_value))) AS held
        FROM changed_rows
        INNER JOIN replaced_fields
            ON changed_rows.month = replaced_fields.month AND changed_rows.public_id = replaced_fields.public_id
        WHERE NOT changed_rows.came_later
        GROUP BY changed_rows.month, changed_rows.public_id
    ),

    landings AS (
        SELECT
            changes.month,
            changes.public_id,
            max_by(changes.observed_at, changes.load_number) AS landed_at
        FROM raw.d23_changes AS changes
        INNER JOIN known ON changes.load_number <= known.load_number
        GROUP BY changes.month, changes.public_id
    )

    SELECT
        present.public_id,
        present.communication_type,
        present.interaction_source,
        present.outcome_option,
        present.is_active,
        present.is_ptp_broken,
        present.communicated_at,
        present.created_at,
        present.updated_at,
        present.month,
        present.landed_at
    FROM raw.d23_manual_communication_logs AS present
    -- A month's first load records no change for the rows that it brings.
    INNER JOIN known_months ON present.month = known_months.month
    LEFT JOIN changed_rows ON present.month = changed_rows.month AND present.public_id = changed_rows.public_id
    WHERE changed_rows.public_id IS NULL
    UNION ALL
    SELECT
        earlier_rows.public_id,
        coalesce(earlier_rows.held['communication_type'], [present.communication_type])[1] AS communication_type,
        coalesce(earlier_rows.held['interaction_source'], [present.interaction_source])[1] AS interaction_source,
        coalesce(earlier_rows.held['outcome_option'], [present.outcome_option])[1] AS outcome_option,
        coalesce(earlier_rows.held['is_active']::boolean[], [present.is_active])[1] AS is_active,
        coalesce(earlier_rows.held['is_ptp_broken']::boolean[], [present.is_ptp_broken])[1] AS is_ptp_broken,
        coalesce(earlier_rows.held['communicated_at']::timestamp[], [present.communicated_at])[1] AS communicated_at,
        coalesce(earlier_rows.held['created_at']::timestamp[], [present.created_at])[1] AS created_at,
        coalesce(earlier_rows.held['updated_at']::timestamp[], [present.updated_at])[1] AS updated_at,
        earlier_rows.month,
        coalesce(landings.landed_at, known_months.first_loaded_at) AS landed_at
    FROM earlier_rows
    INNER JOIN known_months ON earlier_rows.month = known_months.month
    LEFT JOIN raw.d23_manual_communication_logs AS present
        ON earlier_rows.month = present.month AND earlier_rows.public_id = present.public_id
    LEFT JOIN landings ON earlier_rows.month = landings.month AND earlier_rows.public_id = landings.public_id;
