-- The events of one route. {promoted} is compiled: it adds the promoted columns to the mapped ones.
INSERT INTO staged_events BY NAME
SELECT * EXCLUDE (notes, issues, doc, route), list_concat(notes, issues) AS issues
FROM ({promoted})
