// Package install puts plugins where exhibit looks for them. Nothing of a plugin is
// executed. What is being installed is hostile until proven otherwise: paths of an
// archive, sizes, links, manifests and signatures are all checked, the copy is
// loaded and hashed where it will stand, and it appears there whole or not at all.
package install
