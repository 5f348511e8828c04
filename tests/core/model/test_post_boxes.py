"""Which streets are a post office box: words of the country, never a part of another word."""

import pytest

from core.model.address import Address, region_of


def is_box(street1: str, country: str = "US", street2: str = "") -> bool:
    address = Address(
        name="Kelly Knox", street1=street1, street2=street2, city="Bend", state="OR", zip="97701", country=country
    )  # fmt: skip
    return region_of(address).po_box


@pytest.mark.req("R51")
@pytest.mark.case("C8")
@pytest.mark.parametrize(
    "street",
    [
        "P.O. Box 77", "P.O.Box 77", "POBox 77", "Post Office Box 77", "P. O. Box 77", "PO Box 77", "P O Box 77",
        "PO-Box 77", "POB 77", "POBOX77", "pob77", "P.O.B. #77", "P/O Box 9", "Po Box A", "PO Bx 12", "PO BOX 12-B",
        "GPO Box 5", "P.O. Drawer 12", "General Delivery", "Suite 3, PO Box 77", "P0 Box 77",
    ],
)  # fmt: skip
def test_every_spelling_of_a_box_is_a_box(street: str) -> None:
    assert is_box(street)
    assert is_box("Kitchen House", street2=street)


@pytest.mark.req("R51")
@pytest.mark.case("C8")
@pytest.mark.parametrize(
    "street",
    [
        "4 Depo Boxwood Rd", "12 Boxwood Lane", "1 Post Road", "5 Post Office Lane", "7 Old Post Box Lane",
        "3 PO Boxer Street", "Apo Boxing Hall 2", "100 Main St #77", "PMB 77", "Unit 4 Box 12", "Postfach 12", "BP 12",
        "Pobst Street 8", "1 Campo Box Canyon Rd",
    ],
)  # fmt: skip
def test_a_street_that_only_sounds_like_one_is_none(street: str) -> None:
    assert not is_box(street)


@pytest.mark.req("R51")
@pytest.mark.case("C8")
@pytest.mark.parametrize(
    ("country", "street"),
    [
        ("DE", "Postfach 12 34"), ("DE", "Packstation 101"), ("AT", "Pf. 9"), ("FR", "BP 90200"),
        ("FR", "Boîte postale 3"), ("CH", "Case postale 4"), ("CA", "C.P. 55"), ("IT", "Casella Postale 7"),
        ("ES", "Apdo. de Correos 12"), ("MX", "Apartado Postal 3"), ("CL", "Casilla 14"), ("BR", "Caixa Postal 8"),
        ("NL", "Postbus 714"), ("NO", "Postboks 1"), ("SE", "Box 12"), ("FI", "PL 12"), ("PL", "Skrytka pocztowa 5"),
        ("CZ", "Poštovní přihrádka 3"), ("HU", "Pf. 12"), ("HR", "Poštanski pretinac 9"), ("TR", "P.K. 77"),
        ("GR", "Τ.Θ. 12"), ("RU", "а/я 12"), ("AE", "P.O. Box 500"), ("AE", "ص.ب 12"), ("IL", "ת.ד. 55"),  # noqa: RUF001 - other alphabets
        ("PL", "Skr. pocztowa 12"), ("PL", "skrytka nr 5"), ("VE", "Apartado de Correo 77"), ("CR", "Aptdo. 77"),
        ("MX", "A.P. 77"), ("AR", "Casilla Correo 7"), ("CL", "Casilla N° 77"), ("DK", "Boks 5"), ("DK", "Pb. 5"),
        ("CZ", "Pošt. přihr. 5"), ("LT", "pašto dėžutė 5"), ("LV", "pasta kastīte 5"), ("AL", "Kutia Postare 5"),
        ("RS", "поштански фах 5"), ("MK", "поштенски фах 5"), ("BG", "пощ. кутия 5"), ("BY", "абанентная скрынка 5"),
        ("SA", "صندوق البريد 77"), ("IR", "صندوق پستی 77"), ("IL", "תא דואר 5"), ("TH", "ตู้ ปณ. 77"), ("VN", "Hộp thư 77"),
        ("TZ", "S.L.P. 77"), ("NG", "P.M.B. 12"), ("IN", "P.O. Bag 5"), ("IN", "P.B. No. 5"), ("MY", "Beg Berkunci 5"),
        ("AU", "Reply Paid 12"), ("GB", "FREEPOST KNOX"), ("IE", "Bosca Poist 5"), ("DE", "DHL Packstation"),
        ("IT", "Fermoposta Roma Centro"), ("MZ", "C.P. 5"), ("US", "Gen. Delivery"), ("US", "Lock Box 12"),
        ("JP", "中央郵便局留"), ("AU", "Locked Bag 4"), ("ZA", "Private Bag X12"), ("NG", "PMB 12"), ("JP", "中央郵便局 私書箱12号"),
    ],
)  # fmt: skip
def test_other_countries_have_words_of_their_own(country: str, street: str) -> None:
    assert is_box(street, country)


@pytest.mark.req("R51")
@pytest.mark.case("C8")
@pytest.mark.parametrize(
    ("country", "street"),
    [
        ("DE", "Postfachstraße 3"), ("IT", "Via Po 77"), ("MX", "Calle 5, C.P. 06600"), ("FR", "CP 75001"),
        ("GB", "Box 12, Mill Yard"), ("ES", "Apartamento 12"), ("NL", "Postbussteeg 4"), ("JP", "私書町 12"),
        ("SE", "Boxholmsgatan 12"), ("PL", "pl. Wolności 5"), ("RO", "Str. Victoriei 5, CP 010061"), ("MX", "AP Norte"),
        ("US", "Boks 5"), ("GB", "Pb 5"), ("DK", "Bokshandlervej 5"), ("GB", "5 Freeposter Lane"), ("US", "SLP 5"),
        ("DE", "Packstationsweg 5"), ("PL", "ul. Skrytka"), ("CL", "Casilla Nueva"), ("US", "5 Lock Box Lane"),
    ],
)  # fmt: skip
def test_words_of_one_country_mean_nothing_in_another(country: str, street: str) -> None:
    assert not is_box(street, country)
