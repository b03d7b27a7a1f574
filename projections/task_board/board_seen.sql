SELECT state, CAST(COUNT(*) AS bigint) AS tasks, CAST(SUM(CASE WHEN stuck THEN 1 ELSE 0 END) AS bigint) AS stuck
FROM /* seen */
WHERE 1 = 1 /* team */ /* agent */
GROUP BY state
