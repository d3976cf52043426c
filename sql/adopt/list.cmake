# The files that adopt tables of other programs, in the order in which graph_migrate() tries them: a
# file takes its shape one step on, so that a database of version 3 is taken by those from there to
# user_version_9 and then by drizzle_2.
set(ADOPTIONS
  user_version_1
  user_version_2
  user_version_3
  user_version_4
  user_version_5
  user_version_6
  user_version_7
  user_version_8
  user_version_9
  drizzle_0
  drizzle_1
  drizzle_2)
