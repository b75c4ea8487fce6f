// What the operations of this suite answer, by hand: `codegen/` shows how to have these types generated.

export interface UserError {
  __typename: string;
  code: string;
  message: string;
}

export interface OutOfStockError extends UserError {
  shortages: { requested: number; available: number; product: { id: string; name: string } | null }[];
}

export interface ProductCard {
  id: string;
  name: string;
  price: { amount: string; currencyCode: string };
  stock: { available: number } | null;
}

export interface Register {
  register: { user: { id: string; email: string; name: string } | null; errors: UserError[] };
}

export interface LogIn {
  login: { accessToken: string | null; errors: UserError[] };
}

export interface Catalogue {
  products: {
    edges: { cursor: string; node: ProductCard }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

export interface PlaceOrder {
  placeOrder: { order: { id: string; status: string } | null; errors: (UserError | OutOfStockError)[] };
}

export interface CreateProduct {
  createProduct: { product: { id: string; name: string } | null; errors: UserError[] };
}

export interface CreateStock {
  createStock: { stock: { available: number; product: { id: string; name: string } } | null; errors: UserError[] };
}

export interface ArchiveProduct {
  archiveProduct: { product: { id: string; archivedAt: string | null } | null; errors: UserError[] };
}

export interface CancelOrder {
  cancelOrder: { order: { id: string; status: string } | null; errors: UserError[] };
}

export interface OrderDetails {
  order: {
    id: string;
    status: string;
    lines: { quantity: number; product: ProductCard | null }[];
    customer: { id: string; name: string } | null;
  } | null;
}

export interface OrderUpdated {
  orderUpdated: { id: string; status: string; lines: { product: { id: string; stock: { available: number } | null } | null }[] };
}
