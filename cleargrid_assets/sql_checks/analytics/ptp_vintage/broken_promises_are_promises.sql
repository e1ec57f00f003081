-- Finds observations with more broken promises than promises, or a share outside its interval. The check passes if
-- there are none.
-- Severity: ERROR, blocking
-- To do: this is a bug in cleargrid_assets; report it with these rows.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste (without it: all months).
SELECT *
FROM analytics.ptp_vintage
WHERE
    (getvariable('month') IS NULL OR month = getvariable('month'))
    AND NOT coalesce(
        0 <= broken AND broken <= promises AND promises > 0
        AND 0 <= broken_share_lo AND broken_share_lo <= broken_share
        AND broken_share <= broken_share_hi AND broken_share_hi <= 1,
        FALSE
    )
