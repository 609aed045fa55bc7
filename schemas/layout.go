package schemas

import _ "embed"

// Layout is the JSON Schema of a layout as an examiner states it.
//
//go:embed layout/layout-1.json
var Layout []byte

// Profile is the JSON Schema of an encryption profile.
//
//go:embed profile/profile-1.json
var Profile []byte

// Plugin is the JSON Schema of plugin.json.
//
//go:embed plugin/plugin-1.json
var Plugin []byte

// Policy is the JSON Schema of a redaction policy.
//
//go:embed policy/policy-1.json
var Policy []byte
