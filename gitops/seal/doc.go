// Package seal makes, reads and changes SealedSecrets, the form in which secrets
// may stand in a repository: one RSA and AES-GCM ciphertext for each key, which the
// controller of one cluster can decrypt.
//
// A [Certificate] is the public half of that controller's key. [Certificate.Seal]
// encrypts values, [New] writes a manifest as kubeseal writes it, [Merge] changes
// some keys of a file and leaves every other byte, [Replace] puts a SealedSecret in
// the place of a plain Secret. An [Index] knows where each overlay of a tree keeps
// its SealedSecrets and says which files to change, as edits.
//
// The package is pure: bytes and trees in, bytes and edits out. It writes no log,
// and no error of it holds a value: not even the errors of parsers are passed on
// where they could quote one. Plaintext comes as []byte and is zeroed once it is
// encrypted. Encryption is that of the sealed-secrets project, whose package crypto
// only this package imports.
package seal
