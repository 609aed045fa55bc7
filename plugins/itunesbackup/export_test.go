package main

// What main serves, and the parts whose truth is from outside.
var (
	Plugin   = plugin
	Unwrap   = unwrap
	NewCBCAt = newCBCAt
)
