"""The gateway: IPP in, analysis, policy, CUPS out."""
