// Package export writes records into files for other programs: CSV, JSON Lines,
// XLSX, Timesketch and Parquet, and says beside each file where it came from and
// what was changed on the way (docs/formats/export.md). The same records and
// options make the same bytes.
package export
