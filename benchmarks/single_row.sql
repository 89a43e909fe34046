\set subject random(1, 1000000000)
INSERT INTO single_rows (subject, payload) VALUES (:subject, 'a small payload, the same hundred or so bytes each time, so that the row costs next to nothing');
