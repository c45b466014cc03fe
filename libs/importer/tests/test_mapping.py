"""The mapping file: everything wrong with it is said before a row is read."""

from pathlib import Path

import pytest

from importer.errors import MappingError
from importer.mapping import VersionRule, load_mapping

GOOD = """
description: Products of the old shop
resources:
  - name: items
    file: Products.csv
    target: /v1/items/by-external/shop/batch
    external_id: ProductID
    fields:
      name: ProductName
      sku: {template: "S-{ProductID}"}
      price.amount: {column: UnitPrice, type: decimal, times: 0.70, digits: 2}
      country: {column: Country, values: {Norway: NO, "": null, yes: on}}
      active: {const: true}
      category: {column: CategoryID, lookup: {file: C.csv, key: CategoryID, value: Name}}
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)

    return loaded


def test_a_good_mapping_is_read_with_its_defaults(load):
    (resource,) = load(GOOD).resources
    assert resource.fields["name"].column == "ProductName"
    assert resource.batch_size == 200
    assert resource.source_version == "time"
    assert resource.columns() == {
        "ProductID",
        "ProductName",
        "UnitPrice",
        "Country",
        "CategoryID",
    }
    assert [lookup.file for lookup in resource.lookups()] == ["C.csv"]


def test_plain_words_are_text_so_norway_stays_norway(load):
    fields = load(GOOD).resources[0].fields
    assert fields["country"].values == {"Norway": "NO", "": None, "yes": "on"}
    assert str(fields["price.amount"].times) == "0.70"
    assert fields["active"].const is True


def test_a_version_may_be_a_number_or_a_column(load):
    fixed = load(GOOD.replace("external_id:", "source_version: 3\n    external_id:"))
    assert fixed.resources[0].source_version == 3
    column = load(GOOD.replace("external_id:", "source_version: {column: Rev}\n    external_id:"))
    assert column.resources[0].source_version == VersionRule(column="Rev")
    assert "Rev" in column.resources[0].columns()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: ProductName", "name: {colum: X}", "fields.name.colum: there is no such word"),
        ("name: ProductName", "name: {}", "exactly one of column, const, template"),
        ("name: ProductName", "name: {column: A, const: B}", "exactly one of"),
        ("name: ProductName", "name: {column: A, digits: 2}", "need type: decimal"),
        ("name: ProductName", "name: {column: A, type: float}", "fields.name.type"),
        ("name: ProductName", "name: {column: A, type: decimal, digits: 9}", "less than or equal"),
        ("name: ProductName", "Name: ProductName", "is no field path"),
        ("name: ProductName", "price: X", "cannot be a value and hold 'price.amount'"),
        ("name: ProductName", "name: A\n      name: B", "'name' stands twice"),
        ("    external_id: ProductID\n", "", "external_id: this is required"),
        ("/batch", "", "needs a target that ends in /batch"),
        ("external_id: P", "method: put\n    external_id: P", "put needs {external_id}"),
        ("ID, lookup", "ID, type: date, format: '%', lookup", "is no form of days"),
        ("ID, lookup", "ID, type: date, format: '%Y-%m', lookup", "year, month and day"),
        ("ID, lookup", "ID, type: date, format: '%d.%m.%y', lookup", "say `century`"),
        ("ID, lookup", "ID, thousands: '.', lookup", "both the decimal and the thousands"),
        ("ID, lookup", "ID, region: UK, lookup", "'UK' is no country"),
        ("file: Products.csv", "file: ../Products.csv", "no file inside the source folder"),
        ("file: Products.csv", "file: /etc/passwd", "no file inside the source folder"),
        ("file: C.csv", "file: a/../../C.csv", "no file inside the source folder"),
        ("external_id: P", "batch_size: 501\n    external_id: P", "batch_size"),
        ("external_id: P", "source_version: 0\n    external_id: P", "source_version"),
        ("/v1/items", "https://evil/items", "target"),
        ("description:", "delimiter: ';;'\ndescription:", "delimiter"),
        ("description:", "encoding: latin-9\ndescription:", "encoding"),
        ("description:", "more: 1\ndescription:", "more: there is no such word"),
        ("name: items", "name: [", "mapping.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(load, old, new, told):
    assert old in GOOD
    with pytest.raises(MappingError) as wrong:
        load(GOOD.replace(old, new, 1))
    assert any(told in problem for problem in wrong.value.problems), wrong.value.problems


def test_two_resources_of_one_name_are_refused(load):
    twice = GOOD + GOOD.partition("resources:\n")[2]
    with pytest.raises(MappingError, match="two resources are called items"):
        load(twice)


@pytest.mark.parametrize("text", ["", "[]", "resources: []", "just words"])
def test_no_mapping_at_all_is_said_as_such(load, text):
    with pytest.raises(MappingError):
        load(text)


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(MappingError, match="No such file"):
        load_mapping(tmp_path / "nowhere.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"description: caf\xe9")
    with pytest.raises(MappingError, match="utf-8"):
        load_mapping(path)


def test_the_mapping_in_the_manual_is_a_good_one(load):
    manual = Path(__file__).parents[3] / "docs" / "operations" / "import-and-export.md"
    example = manual.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    (resource,) = load(example).resources
    assert resource.fields["discontinued_on"].values == {"0": None, "1": "1998-05-06"}
