"""Every address of the site and every link of every mail, opened by everybody."""
