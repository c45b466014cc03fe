// What an integrator does first, with the generated TypeScript types against running services.
// Prints what it saw as JSON; tests/journeys/test_generated_clients.py starts it and judges.

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths as Crm } from "./crm.js";
import type { components, paths as Erp } from "./erp.js";

type Customer = components["schemas"]["CustomerRecord"];

const erp = createClient<Erp>({
  baseUrl: process.env["ERP_URL"] ?? "",
  headers: { Authorization: `Bearer ${process.env["ERP_KEY"]}` },
});
const crm = createClient<Crm>({
  baseUrl: process.env["CRM_URL"] ?? "",
  headers: { Authorization: `Bearer ${process.env["CRM_KEY"]}` },
});

/** The reply's data, which must be there. */
function present<T>(reply: { data?: T; error?: unknown }): T {
  if (reply.data === undefined) throw new Error(JSON.stringify(reply.error));
  return reply.data;
}

/** The header of a new act. */
function act() {
  return { header: { "idempotency-key": randomUUID() } };
}

/** Five customers; the last one. */
async function create(): Promise<Customer> {
  let made: Customer | undefined;
  for (let number = 0; number < 5; number++) {
    const body = { name: `Quay ${number}` };
    made = present(await erp.POST("/v1/customers", { params: act(), body }));
  }
  if (made === undefined) throw new Error("none was made");
  return made;
}

/** How many customers each page of two has. */
async function pageSizes(): Promise<number[]> {
  const sizes: number[] = [];
  let cursor: string | null = null;
  do {
    const query: { q: string; sort: string; limit: number; cursor: string | null } = {
      q: "Quay",
      sort: "name",
      limit: 2,
      cursor,
    };
    const page: components["schemas"]["CustomerPage"] = present(
      await erp.GET("/v1/customers", { params: { query } }),
    );
    sizes.push(page.items.length);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return sizes;
}

/** Two changes by one version: the second is refused. */
async function changeTwice(customer: Customer): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const payment_terms_days of [14, 30]) {
    const params = { path: { customer_id: customer.id }, header: { "if-match": `"${customer.version}"` } };
    const body = { payment_terms_days };
    const { error, response } = await erp.PATCH("/v1/customers/{customer_id}", { params, body });
    answers.push([response.status, error?.code ?? null]);
  }
  return answers;
}

/** A customer that is refused: which field, and why. */
async function sendWhatIsWrong(): Promise<unknown[]> {
  const body = { name: "Quay 9", email: "nowhere" };
  const { error } = await erp.POST("/v1/customers", { params: act(), body });
  if (error === undefined) throw new Error("it was taken");
  return [error.status, error.code, ...error.errors.map((one) => one.pointer)];
}

/** The states of an order, from its draft on. */
async function order(customer_id: string): Promise<string[]> {
  const item = present(
    await erp.POST("/v1/items", { params: act(), body: { sku: "ROPE-10", name: "Rope" } }),
  );
  const unit_price = { amount: "12.50", currency: "CNY" };
  const lines = [{ item_id: item.id, quantity: "3", unit_price }];
  const body = { customer_id, lines, draft: true };
  const draft = present(await erp.POST("/v1/sales-orders", { params: act(), body }));
  const path = { order_id: draft.id };
  const confirmed = present(
    await erp.POST("/v1/sales-orders/{order_id}/confirm", { params: { ...act(), path } }),
  );
  const read = present(await erp.GET("/v1/sales-orders/{order_id}", { params: { path } }));
  return [draft.state, confirmed.state, read.state];
}

/** An account of the CRM, made and read again; its name. */
async function account(): Promise<string> {
  const made = present(await crm.POST("/v1/accounts", { params: act(), body: { name: "Quay 0" } }));
  const path = { account_id: made.id };
  return present(await crm.GET("/v1/accounts/{account_id}", { params: { path } })).name;
}

const customer = await create();
const seen = {
  pages: await pageSizes(),
  changes: await changeTwice(customer),
  refusal: await sendWhatIsWrong(),
  order: await order(customer.id),
  account: await account(),
};
console.log(JSON.stringify(seen));
