async def test_it(erp):
    r = await erp.post("/v1/customers", {"name": "华为"})
    print(r.status_code, r.text, r.headers)
    i = r.json()["id"]
    r = await erp.client.get(f"/v1/customers/{i}")
    print(r.status_code, r.text)
    r = await erp.client.get("/v1/customers?q=huawei&external_system=crm")
    print(r.status_code, r.text)
    r = await erp.post(
        "/v1/items",
        {"sku": "A-1", "name": "Bolt", "conversions": [{"unit": "BX", "numerator": 12}]},
    )
    print(r.status_code, r.text)
    r = await erp.post(
        "/v1/prices", {"sku": "A-1", "price": {"amount": "1.2355", "currency": "CNY"}}
    )
    print(r.status_code, r.text)
    r = await erp.client.get("/v1/prices/lookup?sku=A-1&quantity=3&unit=BX")
    print(r.status_code, r.text)
    r = await erp.client.get("/v1/units", headers={"Accept-Language": "zh"})
    print(r.status_code, r.text[:300])
    r = await erp.client.get("/openapi.json")
    print(r.status_code, len(r.text))
    assert 0
