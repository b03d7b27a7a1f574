SELECT recording_id
FROM /* seen */
WHERE state IN ('ANNOUNCED', 'RECORDING', 'PAUSED') AND held = $1 AND announced_at <= $2
ORDER BY announced_at, recording_id
LIMIT $3
