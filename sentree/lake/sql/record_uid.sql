-- A record's uid: the tenant, whether it is an object, and its JSON or text
-- (decision 4). A lake knows its events by it: it must never give anything else.
left(
    sha256(
        concat_ws(
            chr(0),
            $tenant,
            CASE WHEN {type} = 'OBJECT' THEN 'record' ELSE 'text' END,
            sha256(CASE WHEN {type} = 'OBJECT' THEN {json} ELSE text END)
        )
    ),
    32
)
