-- Digests of the month's rows, by which anybody can verify that they are still those that were certified.
-- In a DuckDB shell on the warehouse: SET VARIABLE month = DATE '2026-05-01'; then paste.
--
-- The digests are made in blocks, because a whole month joined to one text may not fit into memory. Sort the rows by
-- public_id and cut them into blocks of 1,000, the last one shorter. All digests are SHA-256 as lower-case hexadecimal;
-- texts are joined by line feeds, in order.
-- public_ids_digest: join the ids of each block and take the digest; join these and take the digest.
-- rows_digest: write each row as a JSON array of its nine fields, times in UTC with six decimals, and take the digest;
-- join those of each block and take the digest; join these and take the digest.
-- A month without a row has the digest of an empty text, e3b0c442...
WITH landed AS (
    SELECT
        public_id,
        sha256(
            json_array(
                public_id,
                communication_type,
                interaction_source,
                outcome_option,
                is_active,
                is_ptp_broken,
                strftime(communicated_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
                strftime(updated_at, '%Y-%m-%dT%H:%M:%S.%fZ')
            )::VARCHAR
        ) AS row_digest
    FROM raw.d23_manual_communication_logs
    WHERE month = getvariable('month')
),

numbered AS (
    SELECT
        public_id,
        row_digest,
        row_number() OVER (ORDER BY public_id, row_digest) - 1 AS position
    FROM landed
),

blocks AS (
    SELECT
        position // 1000 AS block,
        count(*) AS rows,
        sha256(string_agg(public_id, chr(10) ORDER BY position)) AS public_ids_digest,
        sha256(string_agg(row_digest, chr(10) ORDER BY position)) AS rows_digest
    FROM numbered
    GROUP BY position // 1000
),

digests AS (
    SELECT
        coalesce(sum(rows), 0)::BIGINT AS rows_in_the_warehouse,
        sha256(coalesce(string_agg(public_ids_digest, chr(10) ORDER BY block), '')) AS public_ids_digest,
        sha256(coalesce(string_agg(rows_digest, chr(10) ORDER BY block), '')) AS rows_digest
    FROM blocks
)

SELECT * FROM digests
