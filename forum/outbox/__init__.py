"""Every mail out is a row first; workers hand the rows over by SMTP."""
