-- Attempts outside the permitted hours of each profile in core.calling_hours_profiles. All landed rows count, active or
-- not. Hours are half-open, start <= t < end, on the profile's clock, or on the configured one where it names none.
-- Exactly 00:00:00 is a date without a time: unknown, and in no denominator. On a weekday without hours every known
-- time is outside_late. A monitoring figure, not legal advice.
-- rate, wilson_lo, wilson_hi and label_null are macros of the warehouse.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; SET VARIABLE timezone = 'Asia/Dubai';
-- then paste. Without them: all months, in UTC.
WITH profile AS (
    SELECT DISTINCT
        name,
        coalesce(timezone, getvariable('timezone'), 'UTC') AS clock,
        verified
    FROM core.calling_hours_profiles
),

attempt AS (
    SELECT
        row.month,
        profile.name AS profile,
        profile.verified,
        label_null(row.communication_type) AS communication_type,
        label_null(row.interaction_source) AS interaction_source,
        row.communicated_at AT TIME ZONE 'UTC' AT TIME ZONE profile.clock AS local_at,
        row.load_number
    FROM core.contact_attempts AS row
    CROSS JOIN profile
    WHERE getvariable('month') IS NULL OR row.month = getvariable('month')
),

timed AS (
    SELECT
        attempt.month,
        attempt.profile,
        attempt.communication_type,
        attempt.interaction_source,
        attempt.verified,
        attempt.load_number,
        nullif(attempt.local_at::TIME, TIME '00:00:00') AS local_time,
        coalesce(permitted.start, TIME '00:00:00') AS permitted_from,
        coalesce(permitted.end, TIME '00:00:00') AS permitted_until
    FROM attempt
    LEFT JOIN core.calling_hours_profiles AS permitted
        ON attempt.profile = permitted.name AND isodow(attempt.local_at) = permitted.weekday
),

counted AS (
    SELECT
        month,
        profile,
        communication_type,
        interaction_source,
        count(*) AS attempts,
        count(local_time) AS time_known,
        count(*) FILTER (WHERE local_time < permitted_from) AS outside_early,
        count(*) FILTER (WHERE local_time >= permitted_until) AS outside_late,
        bool_and(verified) AS verified,
        max(load_number) AS load_number
    FROM timed
    GROUP BY ALL
)

SELECT
    *,
    rate(outside_early + outside_late, time_known) AS outside_share,
    wilson_lo(outside_early + outside_late, time_known) AS outside_share_lo,
    wilson_hi(outside_early + outside_late, time_known) AS outside_share_hi
FROM counted
