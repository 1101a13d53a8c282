-- Each moment at which a correlation's condition held, as what a correlation above it counts. All
-- moments of one hit are one item.
SELECT
    {ref} AS ref, facts.time, facts.item, facts.grp AS below,
    {shown} AS shown, {vals} AS vals, {extra} AS extra
FROM correlation_out_{step} AS facts
