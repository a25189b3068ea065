-- The workload of sqlite3.tw: an order database in memory, rows of a few hundred bytes.
PRAGMA cache_size = -20000;
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city INTEGER NOT NULL, credit INTEGER, photo BLOB);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, item INTEGER NOT NULL, quantity INTEGER, price REAL, note BLOB);

BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
INSERT INTO customer SELECT i, 'customer ' || (i * 7919) % 100003, (i * 31) % 97, (i * 37) % 1000, zeroblob(900) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO orders SELECT i, (i * 7907) % 1000 + 1, (i * 104729) % 3001, i % 9 + 1, (i * 13) % 400 / 4.0, zeroblob(300 + i % 200) FROM n;
COMMIT;

CREATE INDEX customer_by_city ON customer (city);
SELECT c.city, count(*), sum(o.quantity * o.price) AS total
  FROM orders o JOIN customer c ON c.id = o.customer
  WHERE o.item < 500 GROUP BY c.city ORDER BY total DESC LIMIT 5;
UPDATE orders SET price = price * 1.1 WHERE customer IN (SELECT id FROM customer WHERE city = 40);
DELETE FROM customer WHERE credit < 50;
SELECT count(*), sum(quantity), max(price) FROM orders;
