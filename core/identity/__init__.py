"""Who people are: offices, persons, roles, the actor of a deed, sign-in and sessions."""
