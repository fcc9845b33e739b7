//! Listings for people: LIST and NLST, written in the form of `ls -l` and read in the forms that servers use.
