-- What orders and inventory ask of their databases when somebody buys one unit, cancels, or finds that there is none, as
-- PostgreSQL logged it: `bench market statements` prints this file. `:name` is what differs from time to time: `:now`, what
-- the purchase is about, the columns of the last row read, and otherwise a new id.

-- == place

-- in orders
SELECT "idempotency_keys"."user_id", "idempotency_keys"."operation", "idempotency_keys"."key",
    "idempotency_keys"."request_hash", "idempotency_keys"."order_id", "idempotency_keys"."created_at"
    FROM "idempotency_keys"
    WHERE "idempotency_keys"."user_id" = :customer AND "idempotency_keys"."operation" = 'placeOrder' AND
    "idempotency_keys"."key" = :key LIMIT 1;
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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;
SELECT "order_lines"."id", "order_lines"."order_id", "order_lines"."position", "order_lines"."product_id",
    "order_lines"."sku", "order_lines"."name", "order_lines"."unit_price_minor", "order_lines"."quantity"
    FROM "order_lines"
    WHERE "order_lines"."order_id" = :order
    ORDER BY "order_lines"."product_id" ASC;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;

-- in inventory
BEGIN;
INSERT INTO "reservations" ("id", "status", "request_hash", "expires_at", "shortages", "created_at", "updated_at")
    VALUES (:order, 'HELD', '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367', :now, NULL, :now, :now)
    ON CONFLICT ("id") DO NOTHING;
SELECT "stock"."product_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit", "stock"."version",
    "stock"."updated_at"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + 0, "reserved" = "reserved" + 1, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "on_hand" >= 0 AND "reserved" >= -1 AND ("on_hand" - "reserved") +
    "backorder_limit" >= 1;
INSERT INTO "movements" ("product_id", "version", "kind", "on_hand_before", "on_hand_after", "reserved_before",
    "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, :version + 1, 'RESERVE', :on_hand, :on_hand, :reserved, :reserved + 1, 'reserved for an order',
    'orders', :order, :now);
INSERT INTO "reservation_lines" ("reservation_id", "product_id", "quantity") VALUES (:order, :product, 1);
COMMIT;

-- in orders
BEGIN;
UPDATE "orders"
    SET "status" = 'PENDING', "saga_state" = 'RESERVED', "version" = 2, "cancel_reason" = NULL, "cancel_note" = NULL,
    "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = NULL, "next_attempt_at" = :now, "attempts" =
    0, "completed_at" = NULL, "cancelled_at" = NULL
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'CREATED' AND "orders"."version" = 1 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 2, 'CREATED', 'RESERVED', :now, NULL);
COMMIT;
BEGIN;
UPDATE "orders"
    SET "status" = 'PENDING', "saga_state" = 'COMMITTING', "version" = 3, "cancel_reason" = NULL, "cancel_note" = NULL,
    "cancel_requested" = FALSE, "shortages" = NULL, "stock_released_at" = NULL, "next_attempt_at" = :now, "attempts" =
    0, "completed_at" = NULL, "cancelled_at" = NULL
    WHERE "orders"."id" = :order AND "orders"."saga_state" = 'RESERVED' AND "orders"."version" = 2 AND
    "orders"."cancel_requested" = FALSE;
INSERT INTO "order_events" ("order_id", "sequence", "from_state", "to_state", "at", "detail")
    VALUES (:order, 3, 'RESERVED', 'COMMITTING', :now, NULL);
COMMIT;

-- in inventory
BEGIN;
SELECT "reservations"."id", "reservations"."status", "reservations"."request_hash", "reservations"."expires_at",
    "reservations"."shortages", "reservations"."created_at", "reservations"."updated_at"
    FROM "reservations"
    WHERE "reservations"."id" = :order LIMIT 1 FOR UPDATE;
UPDATE "reservations"
    SET "status" = 'COMMITTED', "updated_at" = :now
    WHERE "reservations"."id" = :order AND "reservations"."status" = 'HELD';
SELECT "reservation_lines"."reservation_id", "reservation_lines"."product_id", "reservation_lines"."quantity"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order
    ORDER BY "reservation_lines"."product_id" ASC;
SELECT "stock"."product_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit", "stock"."version",
    "stock"."updated_at"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + -1, "reserved" = "reserved" + -1, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "on_hand" >= 1 AND "reserved" >= 1 AND ("on_hand" - "reserved") +
    "backorder_limit" >= 0;
INSERT INTO "movements" ("product_id", "version", "kind", "on_hand_before", "on_hand_after", "reserved_before",
    "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, :version + 1, 'COMMIT', :on_hand, :on_hand - 1, :reserved, :reserved - 1, 'order completed',
    'orders', :order, :now);
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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;

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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;

-- in inventory
BEGIN;
SELECT "reservations"."id", "reservations"."status", "reservations"."request_hash", "reservations"."expires_at",
    "reservations"."shortages", "reservations"."created_at", "reservations"."updated_at"
    FROM "reservations"
    WHERE "reservations"."id" = :order LIMIT 1 FOR UPDATE;
UPDATE "reservations"
    SET "status" = 'RETURNED', "updated_at" = :now
    WHERE "reservations"."id" = :order AND "reservations"."status" = 'COMMITTED';
SELECT "reservation_lines"."reservation_id", "reservation_lines"."product_id", "reservation_lines"."quantity"
    FROM "reservation_lines"
    WHERE "reservation_lines"."reservation_id" = :order
    ORDER BY "reservation_lines"."product_id" ASC;
SELECT "stock"."product_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit", "stock"."version",
    "stock"."updated_at"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC FOR NO KEY UPDATE;
UPDATE "stock"
    SET "on_hand" = "on_hand" + 1, "reserved" = "reserved" + 0, "version" = "version" + 1, "updated_at" = :now
    WHERE "stock"."product_id" = :product AND "on_hand" >= -1 AND "reserved" >= 0 AND ("on_hand" - "reserved") +
    "backorder_limit" >= -1;
INSERT INTO "movements" ("product_id", "version", "kind", "on_hand_before", "on_hand_after", "reserved_before",
    "reserved_after", "reason", "actor", "reference", "at")
    VALUES (:product, :version + 1, 'RETURN', :on_hand, :on_hand + 1, :reserved, :reserved, 'order returned', 'orders',
    :order, :now);
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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;

-- == short

-- in orders
SELECT "idempotency_keys"."user_id", "idempotency_keys"."operation", "idempotency_keys"."key",
    "idempotency_keys"."request_hash", "idempotency_keys"."order_id", "idempotency_keys"."created_at"
    FROM "idempotency_keys"
    WHERE "idempotency_keys"."user_id" = :customer AND "idempotency_keys"."operation" = 'placeOrder' AND
    "idempotency_keys"."key" = :key LIMIT 1;
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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;
SELECT "order_lines"."id", "order_lines"."order_id", "order_lines"."position", "order_lines"."product_id",
    "order_lines"."sku", "order_lines"."name", "order_lines"."unit_price_minor", "order_lines"."quantity"
    FROM "order_lines"
    WHERE "order_lines"."order_id" = :order
    ORDER BY "order_lines"."product_id" ASC;

-- in inventory
BEGIN;
INSERT INTO "reservations" ("id", "status", "request_hash", "expires_at", "shortages", "created_at", "updated_at")
    VALUES (:order, 'HELD', '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367', :now, NULL, :now, :now)
    ON CONFLICT ("id") DO NOTHING;
SELECT "stock"."product_id", "stock"."on_hand", "stock"."reserved", "stock"."backorder_limit", "stock"."version",
    "stock"."updated_at"
    FROM "stock"
    WHERE "stock"."product_id" IN (:product)
    ORDER BY "stock"."product_id" ASC FOR NO KEY UPDATE;
UPDATE "reservations"
    SET "status" = 'REJECTED', "request_hash" = '648a3174ab5daf258f4de3868114179cc0e7920df0119a038f434c9562ae5367',
    "expires_at" = NULL, "shortages" = '[{"available": 0, "requested": 1, "product_id": "019b76da-a800-7c83-9c0a-f0823d7b34df"}]',
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
COMMIT;
SELECT "orders"."id", "orders"."number", "orders"."customer_id", "orders"."status", "orders"."saga_state",
    "orders"."version", "orders"."total_minor", "orders"."currency", "orders"."cancel_reason", "orders"."cancel_note",
    "orders"."cancel_requested", "orders"."shortages", "orders"."stock_released_at", "orders"."deadline_at",
    "orders"."next_attempt_at", "orders"."attempts", "orders"."created_at", "orders"."completed_at",
    "orders"."cancelled_at"
    FROM "orders"
    WHERE "orders"."id" = :order LIMIT 1;
