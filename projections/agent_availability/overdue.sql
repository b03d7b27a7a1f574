SELECT agent_id, presence, reservation_id
FROM /* seen */
WHERE (presence = 'RESERVED' AND offer_expires_at <= $1) OR (presence = 'WRAPPING' AND wrap_until <= $1)
ORDER BY agent_id
LIMIT $2
