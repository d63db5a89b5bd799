"""People who prove themselves by a certificate or a proxy: names, rules of chains, signing policies, attributes. Pure."""
