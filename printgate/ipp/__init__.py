"""The Internet Printing Protocol: RFC 8010 on the wire, RFC 8011 in the rules. Pure: no I/O."""
