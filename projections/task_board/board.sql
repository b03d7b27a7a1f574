SELECT state, CAST(SUM(tasks) AS bigint) AS tasks, CAST(SUM(stuck) AS bigint) AS stuck
FROM /* seen */
WHERE 1 = 1 /* team */ /* agent */
GROUP BY state
