SELECT task_id
FROM /* seen */
WHERE stuck = $1 AND state_since <= $2
  AND (state IN ('RESERVED', 'IN_PROGRESS')
       OR (state IN ('PENDING', 'ASSIGNED')
           AND (due_at IS NULL OR due_at <= $2) AND (retry_at IS NULL OR retry_at <= $2)))
ORDER BY task_id
LIMIT $3
