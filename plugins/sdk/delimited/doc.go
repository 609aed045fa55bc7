// Package delimited reads delimited text in any charset: lines (Lines), records of
// one or several lines (Units), and tables whose columns have names (Open).
//
// Every line, record and field has its exact place in the input, whatever the
// charset, the endings and the quotes. A record that is not well formed costs that
// record; one that is longer than MaxUnit is passed over.
package delimited
