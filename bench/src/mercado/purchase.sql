-- What orders and inventory ask of their databases when somebody buys one unit, cancels, or finds that there is none, as
-- PostgreSQL logged it: `bench market statements` prints this file. `:name` is what differs from time to time: `:now`, what
-- the purchase is about, the columns of the last row read, and otherwise a new id.

-- == place

-- in orders
BEGIN;
INSERT INTO "orders" ("id", "customer_id", "status", "saga_state", "version", "total_minor", "currency",
    "cancel_reason", "cancel_note", "cancel_requested", "shortages", "stock_released_at", "deadline_at",
    "next_attempt_at", "attempts", "created_at", "completed_at", "cancelled_at")
    VALUES (:order, :customer, 'PENDING', 'CREATED', 1, 9490, 'EUR', NULL, NULL, FALSE, NULL, NULL, :now, :now, 0,
    :now, NULL, NULL)
    RETURNING "id", "number", "customer_id", "status", "saga_state", "version", "total_minor", "currency",
    "cancel_reason", "cancel_note", "cancel_requested", "shortages", "stock_released_at", "deadline_at",
    "next_attempt_at", "attempts", "created_at", "completed_at", "cancelled_at";
INSERT INTO "idempotency_keys" ("user_id", "operation", "key", "request_hash", "order_id", "created_at")
    VALUES (:customer, 'placeOrder', :key, '0d97b573347c7d5240f86facebcbd32d7747bed02233e089b775451114cdb502', :order,
    :now);
INSERT INTO "order_lines" ("id", "order_id", "position", "product_id", "sku", "name", "unit_price_minor", "quantity")
    VALUES (:id1, :order, 0, :product, 'MER-000001', 'Plain Oak Lamp', 9490, 1);
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 1, NULL, 'CREATED', :now, NULL);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id2, 'updated', :order, '{"number": 504, "status": "PENDING", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 1, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": null, "stockReleasedAt": null}',
    :now);
COMMIT;

-- in inventory
BEGIN;
INSERT INTO "reservations" ("id", "customer_id", "status", "request_hash", "expires_at", "rejection", "shortages",
    "created_at", "updated_at")
    VALUES (:order, :customer, 'HELD', '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367', :now, NULL,
    NULL, :now, :now) ON CONFLICT ("id") DO NOTHING
    RETURNING pg_advisory_xact_lock(:customer_lock);
SELECT CAST(SUM("quantity") AS bigint)
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" IN (SELECT "id"
    FROM "reservations"
    WHERE "reservations"."customer_id" = :customer AND "reservations"."status" = 'HELD') LIMIT 1;
SELECT "stock"."product_id", "stock"."location_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit",
    "stock"."low_stock_threshold", "stock"."version", "stock"."updated_at", (SELECT "locations"."priority"
    FROM "locations"
    WHERE "locations"."id" = "stock"."location_id") AS "priority"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC, "stock"."location_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + 0, "reserved" = "reserved" + 1, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "stock"."location_id" = '00000000-0000-7000-8000-000000000001' AND
    "on_hand" >= 0 AND "reserved" >= -1 AND ("on_hand" - "reserved") + "backorder_limit" >= 1;
INSERT INTO "movements" ("product_id", "location_id", "version", "kind", "on_hand_before", "on_hand_after",
    "reserved_before", "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, '00000000-0000-7000-8000-000000000001', :version + 1, 'RESERVE', :on_hand, :on_hand, :reserved,
    :reserved + 1, 'reserved for an order', 'orders', :order, :now);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id3, 'changed', :product, '{"cause": "RESERVE", "levels": [{"onHand": 4598, "reserved": 1, "available": 4597, "locationId": "00000000-0000-7000-8000-000000000001"}], "onHand": 4598, "version": 512, "reserved": 1, "available": 4597, "productId": "019b76da-a800-7c83-9c0a-f0823d7b34df", "reference": "01a20fd9-217a-758c-8eb4-f77d5cc81817"}',
    :now);
INSERT INTO "reservation_lines" ("reservation_id", "product_id", "location_id", "quantity")
    VALUES (:order, :product, '00000000-0000-7000-8000-000000000001', 1);
COMMIT;

-- in orders
BEGIN;
UPDATE "orders"
    SET "status" = 'PENDING', "saga_state" = 'COMMITTING', "version" = 3, "cancel_reason" = NULL, "cancel_note" = NULL,
    "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = NULL, "next_attempt_at" = :now, "attempts" =
    0, "completed_at" = NULL, "cancelled_at" = NULL
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'CREATED' AND "orders"."version" = 1 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 2, 'CREATED', 'RESERVED', :now, NULL), (:order, 3, 'RESERVED', 'COMMITTING', :now, NULL);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id4, 'updated', :order, '{"number": 504, "status": "PENDING", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 2, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": null, "stockReleasedAt": null}',
    :now), (:id5, 'updated', :order, '{"number": 504, "status": "PENDING", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 3, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": null, "stockReleasedAt": null}',
    :now);
COMMIT;

-- in inventory
BEGIN;
UPDATE "reservations"
    SET "status" = 'COMMITTED', "updated_at" = :now
    WHERE "reservations"."id" = :order AND "reservations"."status" = 'HELD'
    RETURNING "id", "customer_id", "status", "request_hash", "expires_at", "rejection", "shortages", "created_at",
    "updated_at";
SELECT "stock"."product_id", "stock"."location_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit",
    "stock"."low_stock_threshold", "stock"."version", "stock"."updated_at", (SELECT "reservation_lines"."quantity"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order AND "reservation_lines"."product_id" = "stock"."product_id" AND
    "reservation_lines"."location_id" = "stock"."location_id") AS "quantity"
    FROM "stock"
    WHERE "stock"."product_id" IN (SELECT "reservation_lines"."product_id"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order)
    ORDER BY "stock"."product_id" ASC, "stock"."location_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + -1, "reserved" = "reserved" + -1, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "stock"."location_id" = '00000000-0000-7000-8000-000000000001' AND
    "on_hand" >= 1 AND "reserved" >= 1 AND ("on_hand" - "reserved") + "backorder_limit" >= 0;
INSERT INTO "movements" ("product_id", "location_id", "version", "kind", "on_hand_before", "on_hand_after",
    "reserved_before", "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, '00000000-0000-7000-8000-000000000001', :version + 1, 'COMMIT', :on_hand, :on_hand - 1,
    :reserved, :reserved - 1, 'order completed', 'orders', :order, :now);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id6, 'changed', :product, '{"cause": "COMMIT", "levels": [{"onHand": 4597, "reserved": 0, "available": 4597, "locationId": "00000000-0000-7000-8000-000000000001"}], "onHand": 4597, "version": 513, "reserved": 0, "available": 4597, "productId": "019b76da-a800-7c83-9c0a-f0823d7b34df", "reference": "01a20fd9-217a-758c-8eb4-f77d5cc81817"}',
    :now);
COMMIT;

-- in orders
BEGIN;
UPDATE "orders"
    SET "status" = 'COMPLETED', "saga_state" = 'COMPLETED', "version" = 4, "cancel_reason" = NULL, "cancel_note" =
    NULL, "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = NULL, "next_attempt_at" = NULL,
    "attempts" = 0, "completed_at" = :now, "cancelled_at" = NULL
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'COMMITTING' AND "orders"."version" = 3 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 4, 'COMMITTING', 'COMPLETED', :now, NULL);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id7, 'updated', :order, '{"number": 504, "status": "COMPLETED", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 4, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": null, "stockReleasedAt": null}',
    :now);
COMMIT;

-- == cancel

-- in orders
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."customer_id" = :customer AND "orders"."id" = :order LIMIT 1;
BEGIN;
UPDATE "orders"
    SET "status" = 'COMPLETED', "saga_state" = 'RETURNING', "version" = 5, "cancel_reason" = 'CUSTOMER_REQUEST',
    "cancel_note" = 'changed my mind', "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = NULL,
    "next_attempt_at" = :now, "attempts" = 0, "completed_at" = :now, "cancelled_at" = NULL
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'COMPLETED' AND "orders"."version" = 4 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 5, 'COMPLETED', 'RETURNING', :now, 'CUSTOMER_REQUEST');
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id8, 'updated', :order, '{"number": 504, "status": "COMPLETED", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 5, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": "CUSTOMER_REQUEST", "stockReleasedAt": null}',
    :now);
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;

-- in inventory
BEGIN;
UPDATE "reservations"
    SET "status" = 'RETURNED', "updated_at" = :now
    WHERE "reservations"."id" = :order AND "reservations"."status" = 'COMMITTED'
    RETURNING "id", "customer_id", "status", "request_hash", "expires_at", "rejection", "shortages", "created_at",
    "updated_at";
SELECT "stock"."product_id", "stock"."location_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit",
    "stock"."low_stock_threshold", "stock"."version", "stock"."updated_at", (SELECT "reservation_lines"."quantity"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order AND "reservation_lines"."product_id" = "stock"."product_id" AND
    "reservation_lines"."location_id" = "stock"."location_id") AS "quantity"
    FROM "stock"
    WHERE "stock"."product_id" IN (SELECT "reservation_lines"."product_id"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order)
    ORDER BY "stock"."product_id" ASC, "stock"."location_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + 1, "reserved" = "reserved" + 0, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "stock"."location_id" = '00000000-0000-7000-8000-000000000001' AND
    "on_hand" >= -1 AND "reserved" >= 0 AND ("on_hand" - "reserved") + "backorder_limit" >= -1;
INSERT INTO "movements" ("product_id", "location_id", "version", "kind", "on_hand_before", "on_hand_after",
    "reserved_before", "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, '00000000-0000-7000-8000-000000000001', :version + 1, 'RETURN', :on_hand, :on_hand + 1,
    :reserved, :reserved, 'order returned', 'orders', :order, :now);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id9, 'changed', :product, '{"cause": "RETURN", "levels": [{"onHand": 4598, "reserved": 0, "available": 4598, "locationId": "00000000-0000-7000-8000-000000000001"}], "onHand": 4598, "version": 514, "reserved": 0, "available": 4598, "productId": "019b76da-a800-7c83-9c0a-f0823d7b34df", "reference": "01a20fd9-217a-758c-8eb4-f77d5cc81817"}',
    :now);
COMMIT;

-- in orders
BEGIN;
UPDATE "orders"
    SET "status" = 'CANCELLED', "saga_state" = 'CANCELLED', "version" = 6, "cancel_reason" = 'CUSTOMER_REQUEST',
    "cancel_note" = 'changed my mind', "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = :now,
    "next_attempt_at" = NULL, "attempts" = 0, "completed_at" = :now, "cancelled_at" = :now
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'RETURNING' AND "orders"."version" = 5 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 6, 'RETURNING', 'CANCELLED', :now, 'CUSTOMER_REQUEST');
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id10, 'updated', :order, '{"number": 504, "status": "CANCELLED", "orderId": "01a20fd9-217a-758c-8eb4-f77d5cc81817", "version": 6, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": "CUSTOMER_REQUEST", "stockReleasedAt": "2026-11-24T23:16:58.893596Z"}',
    :now);
COMMIT;

-- == short

-- in orders
BEGIN;
INSERT INTO "orders" ("id", "customer_id", "status", "saga_state", "version", "total_minor", "currency",
    "cancel_reason", "cancel_note", "cancel_requested", "shortages", "stock_released_at", "deadline_at",
    "next_attempt_at", "attempts", "created_at", "completed_at", "cancelled_at")
    VALUES (:order, :customer, 'PENDING', 'CREATED', 1, 9490, 'EUR', NULL, NULL, FALSE, NULL, NULL, :now, :now, 0,
    :now, NULL, NULL)
    RETURNING "id", "number", "customer_id", "status", "saga_state", "version", "total_minor", "currency",
    "cancel_reason", "cancel_note", "cancel_requested", "shortages", "stock_released_at", "deadline_at",
    "next_attempt_at", "attempts", "created_at", "completed_at", "cancelled_at";
INSERT INTO "idempotency_keys" ("user_id", "operation", "key", "request_hash", "order_id", "created_at")
    VALUES (:customer, 'placeOrder', :key, '0d97b573347c7d5240f86facebcbd32d7747bed02233e089b775451114cdb502', :order,
    :now);
INSERT INTO "order_lines" ("id", "order_id", "position", "product_id", "sku", "name", "unit_price_minor", "quantity")
    VALUES (:id1, :order, 0, :product, 'MER-000001', 'Plain Oak Lamp', 9490, 1);
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 1, NULL, 'CREATED', :now, NULL);
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id2, 'updated', :order, '{"number": 505, "status": "PENDING", "orderId": "01a20fd9-2d79-76ae-8a26-d198b7395bb0", "version": 1, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": null, "stockReleasedAt": null}',
    :now);
COMMIT;

-- in inventory
BEGIN;
INSERT INTO "reservations" ("id", "customer_id", "status", "request_hash", "expires_at", "rejection", "shortages",
    "created_at", "updated_at")
    VALUES (:order, :customer, 'HELD', '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367', :now, NULL,
    NULL, :now, :now) ON CONFLICT ("id") DO NOTHING
    RETURNING pg_advisory_xact_lock(:customer_lock);
SELECT CAST(SUM("quantity") AS bigint)
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" IN (SELECT "id"
    FROM "reservations"
    WHERE "reservations"."customer_id" = :customer AND "reservations"."status" = 'HELD') LIMIT 1;
SELECT "stock"."product_id", "stock"."location_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit",
    "stock"."low_stock_threshold", "stock"."version", "stock"."updated_at", (SELECT "locations"."priority"
    FROM "locations"
    WHERE "locations"."id" = "stock"."location_id") AS "priority"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC, "stock"."location_id" ASC FOR NO KEY UPDATE;
UPDATE "reservations"
    SET "customer_id" = :customer, "status" = 'REJECTED', "request_hash" =
    '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367', "expires_at" = NULL, "rejection" =
    'OUT_OF_STOCK', "shortages" = '[{"available": 0, "requested": 1, "product_id": "019b76da-a800-7c83-9c0a-f0823d7b34df"}]',
    "created_at" = :now, "updated_at" = :now
    WHERE "reservations"."id" = :order;
COMMIT;

-- in orders
BEGIN;
UPDATE "orders"
    SET "status" = 'CANCELLED', "saga_state" = 'CANCELLED', "version" = 2, "cancel_reason" = 'OUT_OF_STOCK',
    "cancel_note" = NULL, "cancel_requested" = FALSE, "shortages" = '[{"available": 0, "productId": "019b76da-a800-7c83-9c0a-f0823d7b34df", "requested": 1}]',
    "stock_released_at" = NULL, "next_attempt_at" = NULL, "attempts" = 0, "completed_at" = NULL, "cancelled_at" = :now
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'CREATED' AND "orders"."version" = 1 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 2, 'CREATED', 'CANCELLED', :now, 'OUT_OF_STOCK');
INSERT INTO "outbox" ("id", "kind", "key", "data", "at")
    VALUES (:id3, 'updated', :order, '{"number": 505, "status": "CANCELLED", "orderId": "01a20fd9-2d79-76ae-8a26-d198b7395bb0", "version": 2, "currency": "EUR", "customerId": "01a20fd9-1cea-7417-b691-3841b316a54e", "totalMinor": 9490, "cancelReason": "OUT_OF_STOCK", "stockReleasedAt": null}',
    :now);
COMMIT;
