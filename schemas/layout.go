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
