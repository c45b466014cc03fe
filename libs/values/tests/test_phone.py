"""Phone numbers: compared in E.164, kept as typed."""

import phonenumbers
import pytest

from values.phone import NO_PHONE, is_region, phone_of, trailing_digits


@pytest.mark.parametrize(
    ("spellings", "e164"),
    [
        (
            [("(512) 867-5309", "US"), ("512.867.5309", "US"), ("+1 512 867 5309", "CN")],
            "+15128675309",
        ),
        ([("+44 (0)20 7946 0018", "CN"), ("020 7946 0018", "GB")], "+442079460018"),
        ([("138 1234 5678", "CN"), ("+86 138-1234-5678", "US")], "+8613812345678"),
    ],
)
def test_spellings_of_one_number_are_one_number(spellings, e164):
    """C8: match after E.164 with a default region."""
    assert {phone_of(text, region=region).e164 for text, region in spellings} == {e164}


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_countrys_example_number_round_trips(region):
    """C8: what we show is read as the same number again, wherever one is."""
    example = phonenumbers.example_number(region)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    shown = phone_of(national, region=region).shown
    assert shown == e164
    assert phone_of(shown, region="CN").e164 == e164


def test_a_number_that_is_not_valid_is_kept_as_typed():
    """C9: the Brazilian number without the ninth digit is real, whatever the plan says."""
    phone = phone_of("+55 11 8765-4321", region="BR")
    assert (phone.raw, phone.e164, phone.shown) == ("+55 11 8765-4321", "", "+55 11 8765-4321")
    assert phone.digits.endswith(trailing_digits("011 98765 4321"))


@pytest.mark.parametrize(("text", "digits"), [("call Ann", ""), ("12345", "12345"), ("１２", "12")])
def test_what_is_no_number_is_kept_as_well(text, digits):
    """C9."""
    phone = phone_of(text, region="CN")
    assert (phone.raw, phone.e164, phone.digits) == (text, "", digits)


def test_an_extension_is_shown_and_is_no_part_of_the_digits():
    phone = phone_of("010-1234 5678 ext. 5", region="CN")
    assert phone.e164 == ""
    assert phone.digits == "861012345678"
    assert phone.shown == phone.raw == "010-1234 5678 ext. 5"
    assert phone.is_spelled(" 010-1234 5678 ext. 5")
    assert not phone.is_spelled("010-1234 5678 ext. 6")
    assert not phone.is_spelled("+861012345678")


def test_no_number_at_all():
    assert phone_of("", region="CN") == NO_PHONE
    assert NO_PHONE.is_spelled("")


def test_regions_are_countries_with_telephones():
    assert is_region("CN")
    assert not is_region("ZZ")
