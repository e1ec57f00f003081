-- Finds rates outside their interval, and intervals outside 0 to 1; NaN and infinity are outside. The check passes if
-- there are none.
-- Severity: ERROR, blocking
-- To do: this is a bug in cleargrid_assets; report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.cohort_contact
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT (
        coalesce(
            0 <= connect_rate_lo
            AND connect_rate_lo <= connect_rate
            AND connect_rate <= connect_rate_hi
            AND connect_rate_hi <= 1,
            connect_rate IS NULL
        )
        AND coalesce(
            0 <= contact_rate_lo
            AND contact_rate_lo <= contact_rate
            AND contact_rate <= contact_rate_hi
            AND contact_rate_hi <= 1,
            contact_rate IS NULL
        )
        AND coalesce(
            0 <= rpc_per_attempt_lo
            AND rpc_per_attempt_lo <= rpc_per_attempt
            AND rpc_per_attempt <= rpc_per_attempt_hi
            AND rpc_per_attempt_hi <= 1,
            rpc_per_attempt IS NULL
        )
        AND coalesce(
            0 <= rpc_per_contact_lo
            AND rpc_per_contact_lo <= rpc_per_contact
            AND rpc_per_contact <= rpc_per_contact_hi
            AND rpc_per_contact_hi <= 1,
            rpc_per_contact IS NULL
        )
        AND coalesce(
            0 <= ptp_per_attempt_lo
            AND ptp_per_attempt_lo <= ptp_per_attempt
            AND ptp_per_attempt <= ptp_per_attempt_hi
            AND ptp_per_attempt_hi <= 1,
            ptp_per_attempt IS NULL
        )
        AND coalesce(
            0 <= ptp_per_rpc_lo
            AND ptp_per_rpc_lo <= ptp_per_rpc
            AND ptp_per_rpc <= ptp_per_rpc_hi
            AND ptp_per_rpc_hi <= 1,
            ptp_per_rpc IS NULL
        )
    )
