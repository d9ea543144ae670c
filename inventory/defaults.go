package inventory

// Defaults returns what a target of a kind has when its inventory says nothing
// more: the options that have a default, and every limit.
func Defaults(k KindSchema) (Options, Limits) {
	o, l := Options{}, Limits{}
	for _, x := range k.Options {
		if v, text := defaultOf(x); v != nil && text == "" {
			o[x.Name] = v
		}
	}
	for _, x := range k.Limits {
		l[x.Name] = Bound{Warn: x.Warn, Fail: x.Fail, Low: x.Low, Unit: x.Unit}
	}
	return o, l
}
