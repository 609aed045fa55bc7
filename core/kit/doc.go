// Package kit is the conformance kit behind `exhibit plugin test`: it starts a
// plugin, in any language, as a case would, by way of package host and in its
// sandbox, and gives it inputs until it has shown what it is worth. It knows
// nothing of the plugin but its directory. The rules are those of
// internal/conform; docs/plugin-author.md lists the checks.
package kit
