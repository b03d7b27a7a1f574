SELECT recording_id
FROM /* seen */
WHERE state = 'RETAINED' AND held = $1 AND retained_until <= $2
ORDER BY retained_until, recording_id
LIMIT $3
