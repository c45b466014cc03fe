"""Files of rows as spreadsheets write and read them: encodings, cells, numbers, days, formulas."""
