DROP VIEW present_followers;
