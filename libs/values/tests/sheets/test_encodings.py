"""What a file without mark is taken for."""

import pytest

from values.sheets.encodings import is_surely_chinese


@pytest.mark.parametrize(
    ("encoding", "text", "chinese"),
    [
        ("gb18030", "客户,上海第一贸易有限公司\n", True),
        ("gb18030", "no,name\n7,李喆㐂\n8,王小明有限公司\n", True),
        ("gb18030", "no,name\n7,Smith\n", False),
        ("cp1252", "Müller,Größe\n", False),
        ("cp1250", "Łódź,Kraków żółw\n", False),
        ("cp1251", "Компания,Привет\n", False),
        ("big5", "公司名稱,臺灣貿易有限公司\n", False),
        ("shift_jis", "会社名,株式会社東京商事\n", False),
        ("utf-8", "客户,上海第一贸易有限公司\n", False),
    ],
)
def test_chinese_is_made_of_common_characters(tmp_path, encoding, text, chinese):
    """Nearly any bytes make Chinese characters, but rare ones."""
    path = tmp_path / "f.csv"
    path.write_bytes(text.encode(encoding))
    assert is_surely_chinese(path) is chinese
